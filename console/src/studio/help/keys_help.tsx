/** All keys of the picture. */
import Modal from "@cloudscape-design/components/modal";
import { words } from "../../words";
import "./help.css";

export function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Modal visible header={words.studio.keysTitle} closeAriaLabel={words.visit.close} onDismiss={onClose}>
      <dl className="keys-help">
        {words.studio.keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
