/** What was changed, for whoever keeps the state machine in Git. */
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import { useMemo } from "react";
import type { Value } from "../../document";
import type { Config } from "../../editing/config";
import { words } from "../../words";
import { configOperations, patch } from "./patch";

interface Props {
  before: Value;
  after: Value;
  /** What is stored beside the definition, and what stands here; null where there is nothing. */
  configs: readonly [Config, Config] | null;
}

export function CopyPatch({ before, after, configs }: Props) {
  const text = useMemo(
    () => patch(before, after, configs ? configOperations(...configs) : []),
    [before, after, configs],
  );
  return (
    <CopyToClipboard
      variant="button"
      copyButtonText={words.studio.copyPatch}
      copySuccessText={words.viewer.copied}
      copyErrorText={words.viewer.notCopied}
      textToCopy={text}
    />
  );
}
