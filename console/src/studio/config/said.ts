/** A setting in a few words. */

import { type Config, CUSTOMERS_KEY, type Setting, sent } from "../../editing/config";
import { words } from "../../words";

export function said(setting: Setting, config: Config): string {
  const { roleArn, loggingConfiguration, tracingConfiguration, encryptionConfiguration, tags } = sent(config);
  const { on, off, none, data } = words.config.said;
  switch (setting) {
    case "roleArn":
      return roleArn;
    case "loggingConfiguration": {
      const { level, includeExecutionData, destinations } = loggingConfiguration;
      const groups = destinations.map(({ cloudWatchLogsLogGroup: { logGroupArn } }) => logGroupArn);
      return [level, ...(includeExecutionData ? [data] : []), ...groups].join(", ");
    }
    case "tracingConfiguration":
      return tracingConfiguration.enabled ? on : off;
    case "encryptionConfiguration": {
      const { type, kmsKeyId } = encryptionConfiguration;
      return [words.config.keyTypes[type] ?? type, ...(type === CUSTOMERS_KEY && kmsKeyId ? [kmsKeyId] : [])].join(
        ", ",
      );
    }
    case "tags":
      return tags.map(({ key, value }) => `${key}=${value}`).join(", ") || none;
  }
}
