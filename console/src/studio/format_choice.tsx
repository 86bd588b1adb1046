/** JSON or YAML: what the text is written in. */
import { lazy, Suspense, useState } from "react";
import { convert, type Format, lostByConversion } from "../document";
import { useSession } from "../editing/use_session";
import { Choices } from "../shell/choices";
import { words } from "../words";

const Lost = lazy(async () => ({ default: (await import("./keeping/lost")).Lost }));
const FORMATS = ["yaml", "json"] as const satisfies readonly Format[];

export function FormatChoice() {
  const { session, now } = useSession();
  const { format, document, broken, readOnly } = now;
  const [isAsking, ask] = useState(false);
  const turn = () => {
    if (lostByConversion(document).length > 0) ask(true);
    else session.apply(convert);
  };
  return (
    <>
      <Choices
        label={words.studio.format}
        of={FORMATS}
        chosen={format}
        said={words.studio.formats}
        isClosed={() => broken !== null || readOnly !== null}
        onChoose={turn}
      />
      {isAsking && (
        <Suspense>
          <Lost
            comments={lostByConversion(document)}
            title={words.studio.convertTitle}
            yes={words.studio.convert}
            onYes={() => {
              ask(false);
              session.apply(convert);
            }}
            onNo={() => ask(false)}
          />
        </Suspense>
      )}
    </>
  );
}
