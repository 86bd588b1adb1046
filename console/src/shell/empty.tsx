import Box from "@cloudscape-design/components/box";

/** Instead of a list that holds nothing: what would be here, and how it comes here. */
export const Empty = ({ title, text }: { title: string; text: string }) => (
  <Box textAlign="center" padding={{ vertical: "xl" }}>
    <Box variant="strong">{title}</Box>
    <Box variant="p" color="text-body-secondary">
      {text}
    </Box>
  </Box>
);
