/** Before comments are lost: which, and whether that is wanted. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { words } from "../../words";

interface Props {
  comments: readonly { line: number; text: string }[];
  title: string;
  yes: string;
  onYes: () => void;
  onNo: () => void;
}

export const Lost = ({ comments, title, yes, onYes, onNo }: Props) => (
  <Modal
    visible
    header={title}
    closeAriaLabel={words.visit.close}
    onDismiss={onNo}
    footer={
      <Box float="right">
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="link" onClick={onNo}>
            {words.studio.cancel}
          </Button>
          <Button variant="primary" onClick={onYes}>
            {yes}
          </Button>
        </SpaceBetween>
      </Box>
    }
  >
    <p>{words.studio.lostComments(comments.length)}</p>
    <LostList comments={comments} />
  </Modal>
);

const MOST = 12;

export const LostList = ({ comments }: Pick<Props, "comments">) => (
  <ul className="lost">
    {comments.slice(0, MOST).map(({ line, text }) => (
      <li key={line}>
        <code>{text}</code>
      </li>
    ))}
    {comments.length > MOST && <li>{words.studio.andMore(comments.length - MOST)}</li>}
  </ul>
);
