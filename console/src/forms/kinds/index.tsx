/** Which editor a field has: by its kind alone, so that each field of the language has one. */
import type { ComponentType } from "react";
import { child } from "../../document/pointer";
import type { Kind } from "../../language/fields";
import { Condition } from "./condition";
import { Json } from "./json";
import { Names } from "./names";
import { Numeric } from "./numeric";
import { Part } from "./object";
import { Entries } from "./objects";
import { OneOf } from "./one_of";
import { Path } from "./path";
import type { EditorProps } from "./props";
import { Rules } from "./rules";
import { Scope, Scopes } from "./scopes";
import { Target } from "./state";
import { Template } from "./template";
import { Line } from "./text";
import { YesOrNo } from "./yes_or_no";

export const EDITORS: Readonly<Record<Kind, ComponentType<EditorProps>>> = {
  any: Json,
  array: Names,
  assignment: Template,
  boolean: YesOrNo,
  condition: Condition,
  integer: Numeric,
  number: Numeric,
  object: Part,
  objects: Entries,
  one_of: OneOf,
  path: Path,
  result_path: Path,
  rules: Rules,
  scope: Scope,
  scopes: Scopes,
  state: Target,
  template: Template,
  text: Line,
};

/** `at`: of the object that has the field. */
export function Editor({ at, ...props }: EditorProps) {
  const Control = EDITORS[props.asked.field.kind] ?? Json;
  return <Control {...props} at={child(at, props.asked.name)} />;
}
