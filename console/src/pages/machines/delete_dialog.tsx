import { Dialog } from "../../acts/dialog";
import { useAct } from "../../acts/use_act";
import { words } from "../../words";

interface Props {
  title: string;
  text: string;
  act: () => Promise<void>;
  onClose: () => void;
}

/** It cannot be undone, so it is asked for once more. */
export function DeleteDialog({ title, text, act, onClose }: Props) {
  const acting = useAct(act, onClose);
  return (
    <Dialog
      title={title}
      act={{ text: words.versions.delete, acting }}
      refused={acting.refused?.message ?? null}
      onClose={onClose}
    >
      <p>{text}</p>
    </Dialog>
  );
}
