/** What is wrong with a configuration, before it is sent: the server says the same, of one thing at a time. */
import type { Tag } from "../../api/machines";
import { type Config, CUSTOMERS_KEY, isSame, MOST_TAGS, REUSE, type Setting, sent } from "../../editing/config";
import { words } from "../../words";

/** By what is wrong: `tags/2` is the third tag as it stands in the form. */
export type Problems = ReadonlyMap<string, string>;

const NAME = /^[A-Za-z0-9_-]{1,80}$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\x21-\x7e]+$/;
const GROUP = /^arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[\w./#-]+:\*$/;
const MOST_KEY = 128;
const MOST_VALUE = 256;

/** What is as it is `stored` was taken once, as it may have been from a manifest, and is not sent again. */
export function problemsIn(config: Config, stored: Config | null): Problems {
  const { name, roleArn, loggingConfiguration: logging, encryptionConfiguration: encryption, tags } = config;
  const isNew = (setting: Setting) => stored === null || config.name !== undefined || !isSame(setting, stored, config);
  const said = words.config.problems;
  const found = new Map<string, string>();
  if (name !== undefined && !NAME.test(name)) found.set("name", said.name);
  if (isNew("roleArn") && !ROLE.test(roleArn)) found.set("roleArn", said.role);
  if (isNew("loggingConfiguration")) {
    const group = sent(config).loggingConfiguration.destinations[0]?.cloudWatchLogsLogGroup.logGroupArn;
    if (logging.level !== "OFF" && group === undefined) found.set("logGroup", said.noGroup);
    if (group !== undefined && !GROUP.test(group)) found.set("logGroup", said.group);
  }
  if (isNew("encryptionConfiguration") && encryption.type === CUSTOMERS_KEY) {
    const { kmsKeyId = "", kmsDataKeyReusePeriodSeconds: seconds = REUSE.usual } = encryption;
    if (kmsKeyId === "") found.set("key", said.key);
    if (seconds < REUSE.least || seconds > REUSE.most) found.set("reuse", said.reuse(REUSE.least, REUSE.most));
  }
  if (isNew("tags")) wrongTags(tags, found);
  return found;
}

function wrongTags(tags: readonly Tag[], found: Map<string, string>): void {
  const said = words.config.problems;
  tags.forEach(({ key, value }, index) => {
    const isTwice = key !== "" && tags.findIndex((tag) => tag.key === key) !== index;
    if (key === "" && value !== "") found.set(`tags/${index}`, said.noTagKey);
    else if (isTwice) found.set(`tags/${index}`, said.tagTwice(key));
    else if (key.length > MOST_KEY || value.length > MOST_VALUE) {
      found.set(`tags/${index}`, said.tagLength(MOST_KEY, MOST_VALUE));
    }
  });
  if (tags.length > MOST_TAGS) found.set("tags", said.tags(MOST_TAGS));
}
