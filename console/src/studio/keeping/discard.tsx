import Button from "@cloudscape-design/components/button";
import type { Format } from "../../document";
import type { Config } from "../../editing/config";
import type { Session } from "../../editing/session";
import { useSnapshot } from "../../editing/use_session";
import { words } from "../../words";

interface Props {
  session: Session;
  text: string;
  format: Format;
  config: Config | null;
}

/** Back to what is stored, in the format in which it is: a step that can be undone. */
export function Discard({ session, text, format, config }: Props) {
  const { isDirty } = useSnapshot(session);
  if (!isDirty) return null;
  const discard = () => {
    session.replace(words.studio.discarded, text, { format, config });
    session.store(text, config);
  };
  return (
    <Button variant="inline-link" onClick={discard}>
      {words.studio.discard}
    </Button>
  );
}
