import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { indented } from "../../execution/json_text";
import { fileNameOf, save } from "../../shell/save";
import { words } from "../../words";

const FORMATS = ["yaml", "json"] as const;
type Format = (typeof FORMATS)[number];

/** A definition as a file, for a repository. */
export const ExportChoice = ({ name, definition }: { name: string; definition: string }) => (
  <ButtonDropdown
    items={FORMATS.map((id) => ({ id, text: words.machine.formats[id] }))}
    onItemClick={({ detail }) => {
      const format = FORMATS.find((each) => each === detail.id);
      if (format) void hand(name, definition, format);
    }}
  >
    {words.machine.export}
  </ButtonDropdown>
);

async function hand(name: string, definition: string, format: Format): Promise<void> {
  const text = format === "yaml" ? await asYaml(definition) : `${indented(definition)}\n`;
  save(fileNameOf(name, `asl.${format}`), [text], `application/${format}`);
}

async function asYaml(definition: string): Promise<string> {
  // Only whoever wants it needs to write YAML.
  const { convert, open } = await import("../../document");
  return convert(open(definition, "json")).document.text;
}
