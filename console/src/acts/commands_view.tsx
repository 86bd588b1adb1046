import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import { useHere } from "../shell/here";
import { words } from "../words";
import { type Call, type Command, commandsOf } from "./commands";

/** An account of AWS has twelve digits; in a cluster it is the name of a namespace. */
const ACCOUNT = /^\d{12}$/;

function useCommands(of: Call): Command[] {
  const { namespace, place } = useHere();
  const inCluster = ACCOUNT.test(place.account) ? null : namespace;
  return commandsOf({ endpoint: location.origin, region: place.region, namespace: inCluster }, of);
}

/** The same by other means, to be copied. */
export function Commands({ of }: { of: Call }) {
  const commands = useCommands(of);
  return (
    <ul className="commands">
      {commands.map(({ tool, text }) => (
        <li key={tool}>
          <div className="copying">
            <strong>{words.acts.tools[tool]}</strong>
            <CopyToClipboard
              variant="icon"
              textToCopy={text}
              copyButtonAriaLabel={words.acts.copyFor(words.acts.tools[tool])}
              copySuccessText={words.viewer.copied}
              copyErrorText={words.viewer.notCopied}
            />
          </div>
          {/* What scrolls must be reached without a mouse. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
          <pre tabIndex={0}>{text}</pre>
        </li>
      ))}
    </ul>
  );
}

/** Nothing where no other means can do the same. */
export function FoldedCommands({ of }: { of: Call }) {
  if (!useCommands(of).length) return null;
  return (
    <ExpandableSection headerText={words.acts.asCommand}>
      <Commands of={of} />
    </ExpandableSection>
  );
}
