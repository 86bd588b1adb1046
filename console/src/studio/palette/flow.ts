/** States that need no resource, each with what it must have, so that it is valid where it comes to stand. */
import type { Content } from "../../document/content";

type Language = "JSONPath" | "JSONata";
type States = Record<string, Content>;

const inner = (name: string): Content => ({ StartAt: name, States: { [name]: { Type: "Pass", End: true } } });

/** By type: the states that come in, the one by its name first. Where they lead is said when it is known. */
export const FLOW: Record<string, (name: string, language: Language) => States> = {
  Pass: (name) => ({ [name]: { Type: "Pass" } }),
  Wait: (name) => ({ [name]: { Type: "Wait", Seconds: 5 } }),
  Choice: (name, language) => {
    const rule =
      language === "JSONata"
        ? { Condition: "{% $exists($states.input.value) %}" }
        : { Variable: "$.value", IsPresent: true };
    const then = "If present";
    return { [name]: { Type: "Choice", Choices: [{ ...rule, Next: then }] }, [then]: { Type: "Pass" } };
  },
  Parallel: (name) => ({ [name]: { Type: "Parallel", Branches: [inner("One"), inner("Other")] } }),
  Map: (name, language) => ({
    [name]: {
      Type: "Map",
      ...(language === "JSONata" ? { Items: "{% $states.input.items %}" } : { ItemsPath: "$.items" }),
      ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, ...(inner("Item") as object) },
    },
  }),
  Succeed: (name) => ({ [name]: { Type: "Succeed" } }),
  Fail: (name) => ({ [name]: { Type: "Fail", Error: "Failed", Cause: "Say here why" } }),
};
