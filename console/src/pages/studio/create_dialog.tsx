import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Form from "@cloudscape-design/components/form";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation } from "@tanstack/react-query";
import { createMachine } from "../../api/studio";
import { lostByConversion, Refused } from "../../document";
import { sent } from "../../editing/config";
import type { Session } from "../../editing/session";
import { useSnapshot } from "../../editing/use_session";
import { Name, Role, Type } from "../../studio/config/general";
import { problemsIn } from "../../studio/config/problems";
import { useConfig } from "../../studio/config/use_config";
import { written } from "../../studio/keeping/home";
import { LostList } from "../../studio/keeping/lost";
import { words } from "../../words";

interface Props {
  session: Session;
  onClose: () => void;
  onCreated: (name: string, arn: string) => void;
}

/** Under which name, and as what, a state machine is created: fields of its configuration, whose others stand in Studio. */
export function CreateDialog({ session, onClose, onCreated }: Props) {
  const { document } = useSnapshot(session);
  const of = useConfig(session, null);
  const lost = lostByConversion(document);
  const creating = useMutation({
    mutationFn: async () => {
      // What was typed last is in the session by now, and not yet in what is shown.
      const { config } = session.snapshot();
      if (config === null) throw new Refused(words.forms.noName);
      const [wrong] = problemsIn(config, null).values();
      if (wrong !== undefined) throw new Refused(wrong);
      const { name = "", ...rest } = sent(config);
      const definition = written(document, document.text, "json");
      return { name, arn: await createMachine({ ...rest, name, definition }) };
    },
    onSuccess: ({ name, arn }) => onCreated(name, arn),
  });
  if (of === null) return null;
  return (
    <Modal visible header={words.studio.createTitle} closeAriaLabel={words.visit.close} onDismiss={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          creating.mutate();
        }}
      >
        <Form
          errorText={creating.error?.message}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" variant="link" onClick={onClose}>
                {words.studio.cancel}
              </Button>
              <Button variant="primary" loading={creating.isPending}>
                {words.studio.create}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">
            <Name of={of} isAsked />
            <ExpandableSection headerText={`${words.config.type}: ${words.types[of.config.type]}`}>
              <SpaceBetween size="m">
                <Type of={of} />
                <Role of={of} />
                <Box color="text-body-secondary">{words.config.more}</Box>
              </SpaceBetween>
            </ExpandableSection>
            {lost.length > 0 && (
              <Box>
                {words.studio.createText} {words.studio.lostComments(lost.length)}
                <LostList comments={lost} />
              </Box>
            )}
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}
