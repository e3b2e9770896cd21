/** One file that goes to the hub as it is: nothing about a person, so nothing is sealed. */

import type { VNode } from "preact";
import { Field, type FieldProps } from "../../kit/controls.tsx";

export function FileField({ onFile, ...field }: FieldProps & { onFile: (file: File) => void }): VNode {
  return (
    <Field {...field}>
      {(tied) => (
        <input
          {...tied}
          type="file"
          onClick={(event) => (event.currentTarget.value = "")} // so that the same file can be chosen again
          onChange={(event) => {
            const [first] = event.currentTarget.files ?? [];
            if (first) onFile(first);
          }}
        />
      )}
    </Field>
  );
}
