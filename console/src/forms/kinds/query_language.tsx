/** In which language expressions are. From JSONPath to JSONata they are converted with it. */
import Button from "@cloudscape-design/components/button";
import Select from "@cloudscape-design/components/select";
import { useMutation } from "@tanstack/react-query";
import { converted } from "../../api/converting";
import { convertLanguage } from "../../document/acts/convert_language";
import { stateAround } from "../../editing/states";
import { words } from "../../words";
import { Field } from "../field";
import { useForm } from "../form";
import { json, ofJson } from "../written";
import type { EditorProps } from "./props";

export function QueryLanguage({ asked, at }: EditorProps) {
  const form = useForm();
  const value = form.at(at);
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => converted(json(form.value ?? null)),
    onSuccess: (found) =>
      form.session.apply((document) =>
        convertLanguage(document, words.forms.converting(form.name), form.pointer, ofJson(found.value).value),
      ),
  });
  const choose = (language: string) => {
    if (language === "JSONata" && form.language === "JSONPath" && form.value instanceof Map) mutate();
    else form.set(at, language, asked.title);
  };
  return (
    <>
      <Field asked={asked} at={at} problem={error?.message ?? null}>
        <Select
          selectedOption={typeof value === "string" ? { value, label: value } : null}
          placeholder={form.language}
          options={(asked.field.values ?? []).map((each) => ({ value: each, label: each }))}
          statusType={isPending ? "loading" : "finished"}
          disabled={form.locked !== null || isPending}
          onChange={({ detail }) => choose(detail.selectedOption.value ?? "")}
        />
      </Field>
      {data?.remarks && data.remarks.length > 0 && form.language === "JSONata" && (
        <section className="remarks" aria-label={words.forms.remarks}>
          <p>{words.forms.remarks}</p>
          <ul>
            {data.remarks.map(({ pointer, message }) => (
              <li key={`${pointer} ${message}`}>
                <Button variant="inline-link" onClick={() => form.session.select(stateAround(form.pointer + pointer))}>
                  {pointer}
                </Button>{" "}
                {message}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
