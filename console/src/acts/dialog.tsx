import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal, { type ModalProps } from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { words } from "../words";
import type { Acting } from "./use_act";
import "./acts.css";

interface Props {
  title: string;
  size?: ModalProps.Size;
  /** What the button says, and does. Without it there is nothing to do but to look. */
  act?: { text: string; acting: Acting; disabled?: boolean };
  /** Where what was refused is said; `null`: it is said at a field. */
  refused?: string | null;
  onClose: () => void;
  children: ReactNode;
}

/** A question before something is done. */
export function Dialog({ title, size = "medium", act, refused, onClose, children }: Props) {
  return (
    <Modal
      visible
      size={size}
      header={title}
      closeAriaLabel={words.acts.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {act ? words.acts.cancel : words.acts.close}
            </Button>
            {act && (
              <Button
                variant="primary"
                loading={act.acting.isUnderWay}
                disabled={act.disabled ?? false}
                onClick={act.acting.run}
              >
                {act.text}
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {refused && (
          <Alert type="error" header={words.acts.refused}>
            {refused}
          </Alert>
        )}
        {children}
      </SpaceBetween>
    </Modal>
  );
}
