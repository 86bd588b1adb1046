import Alert from "@cloudscape-design/components/alert";
import FileInput from "@cloudscape-design/components/file-input";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { open } from "../../document";
import { eventsOf, LARGEST_FILE_BYTES } from "../../execution/history_file";
import { isDefinition } from "../../execution/import_history";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { size } from "../../words/time";
import { ImportedViewer, type Loaded } from "./imported_viewer";
import "./imported.css";

/** The history of an execution of any system, out of a file. It stays in this browser. */
export function Imported() {
  useTitle(words.imported.title);
  const [history, load] = useState<Loaded | null>(null);
  const [definition, define] = useState<unknown>(null);
  const [wrong, say] = useState<string | null>(null);
  const read = async (file: File | undefined, then: (text: string) => void) => {
    say(null);
    if (!file) return;
    try {
      if (file.size > LARGEST_FILE_BYTES)
        throw new Error(words.data.tooLarge(size(file.size), size(LARGEST_FILE_BYTES)));
      then(await file.text());
    } catch (error) {
      say(`${file.name}: ${error instanceof Error ? error.message : error}`);
    }
  };
  const readHistory = (file: File | undefined) =>
    read(file, (text) => load({ name: file?.name ?? "", events: eventsOf(text) }));
  const readDefinition = (file: File | undefined) =>
    read(file, (text) => {
      const value = open(text).definition;
      if (!isDefinition(value)) throw new Error(words.imported.noDefinition);
      define(value);
    });
  const choices = (
    <div className="choices">
      <FileInput
        value={[]}
        accept=".json,application/json"
        onChange={({ detail }) => void readHistory(detail.value[0])}
      >
        {words.imported.history}
      </FileInput>
      <FileInput value={[]} accept=".json,.yaml,.yml" onChange={({ detail }) => void readDefinition(detail.value[0])}>
        {words.imported.definition}
      </FileInput>
    </div>
  );
  const told = wrong && <Alert type="error">{wrong}</Alert>;
  if (!history)
    return (
      <div className="page">
        <Header variant="h1" description={words.imported.text}>
          {words.imported.title}
        </Header>
        <div className="imported-start">
          {choices}
          {told}
        </div>
      </div>
    );
  return (
    <ImportedViewer key={history.name} history={history} definition={definition} onClose={() => load(null)}>
      {choices}
      {told}
    </ImportedViewer>
  );
}
