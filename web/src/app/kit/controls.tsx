/** What is pressed, typed and chosen. Every control has a visible label; its error stands beside it and is tied to it. */

import type { VNode } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useSay, type Children } from "../core/app.ts";

export interface ButtonProps {
  readonly kind?: "main" | "plain" | "warn";
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly type?: "button" | "submit";
  readonly onClick?: () => unknown;
  readonly label?: string;
  readonly pressed?: boolean;
  readonly children: Children;
}

/** While its work is under way it cannot be pressed, and says so. */
export function Button({ kind = "plain", busy = false, type = "button", onClick, ...rest }: ButtonProps): VNode {
  const say = useSay();
  return (
    <button
      type={type}
      class={kind}
      aria-disabled={busy || rest.disabled ? "true" : undefined}
      aria-busy={busy ? "true" : undefined}
      aria-label={rest.label}
      aria-pressed={rest.pressed}
      onClick={(event) => {
        if (busy || rest.disabled) event.preventDefault();
        else void onClick?.();
      }}
    >
      {busy ? say("app.one_moment") : rest.children}
    </button>
  );
}

/** What is sent by its button or by Enter. What is missing or wrong each field says itself, not the browser. */
export function Form({ onSend, children }: { onSend: () => unknown; children: Children }): VNode {
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void onSend();
      }}
    >
      {children}
    </form>
  );
}

export interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | null | undefined;
  /** Whether one may leave it empty; it is said where one may. */
  readonly optional?: boolean;
}

interface Tied {
  readonly id: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: "true";
}

/** A label, its hint and its error round any control. */
export function Field({
  label,
  hint,
  error,
  optional,
  children,
}: FieldProps & { children: (tied: Tied) => VNode }): VNode {
  const say = useSay();
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id}>
        {label}
        {optional && <span class="optional"> ({say("app.optional")})</span>}
      </label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children({
        id,
        ...(described ? { "aria-describedby": described } : {}),
        ...(error ? { "aria-invalid": "true" } : {}),
      })}
      {error && (
        <p class="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

export interface TextProps extends FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "password" | "email" | "tel" | "search" | "number" | "date" | "datetime-local";
  readonly autocomplete?: string;
  readonly inputMode?: "text" | "numeric" | "tel" | "email" | "decimal";
  readonly maxLength?: number;
  readonly min?: string;
  readonly max?: string;
  /** For what has no direction of its own: codes, keys, numbers. */
  readonly code?: boolean;
}

export function TextField({
  value,
  onInput,
  type = "text",
  code,
  label,
  hint,
  error,
  optional,
  autocomplete = "off", // what is typed is about children: no browser keeps it, or sends it to whoever checks spelling
  ...rest
}: TextProps): VNode {
  return (
    <Field {...{ label, hint, error, ...(optional ? { optional } : {}) }}>
      {(tied) => (
        <input
          {...tied}
          {...rest}
          autocomplete={autocomplete}
          type={type as "text"}
          value={value}
          dir={code ? "ltr" : "auto"}
          class={code ? "code" : undefined}
          spellcheck={false}
          autocapitalize={code ? "none" : undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A day, as `2026-11-03`. */
export const DateField = (props: Omit<TextProps, "type">): VNode => <TextField {...props} type="date" />;

export function TextArea({ value, onInput, rows = 4, maxLength, ...field }: TextProps & { rows?: number }): VNode {
  return (
    <Field {...field}>
      {(tied) => (
        <textarea
          {...tied}
          dir="auto"
          autocomplete="off"
          spellcheck={false}
          rows={rows}
          maxLength={maxLength}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** What can be chosen: its value, and its words. */
export type Option = readonly [value: string, words: string];

export interface ChoiceProps extends FieldProps {
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChoose: (value: string) => void;
  /** Words for nothing chosen; without them something always is. */
  readonly none?: string;
}

/** One of many, as a list that folds. */
export function Choice({ value, options, onChoose, none, ...field }: ChoiceProps): VNode {
  return (
    <Field {...field}>
      {(tied) => (
        <select {...tied} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
          {none !== undefined && <option value="">{none}</option>}
          {options.map(([name, words]) => (
            <option value={name} key={name} selected={name === value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function Group({ label, hint, error, children }: FieldProps & { children: Children }): VNode {
  const id = useId();
  return (
    <fieldset class={error ? "field wrong" : "field"} aria-describedby={hint || error ? `${id}-said` : undefined}>
      <legend>{label}</legend>
      <div id={`${id}-said`}>
        {hint && <p class="hint">{hint}</p>}
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
      </div>
      {children}
    </fieldset>
  );
}

/** One of a few, all in sight. */
export function Choices({ value, options, onChoose, ...field }: ChoiceProps): VNode {
  const name = useId();
  return (
    <Group {...field}>
      {options.map(([option, words]) => (
        <label class="choice" key={option}>
          <input type="radio" name={name} value={option} checked={option === value} onChange={() => onChoose(option)} />
          <span>{words}</span>
        </label>
      ))}
    </Group>
  );
}

/** Any number of a few, all in sight. */
export function Ticks({
  values,
  options,
  onChange,
  ...field
}: FieldProps & {
  values: readonly string[];
  options: readonly Option[];
  onChange: (values: string[]) => void;
}): VNode {
  const others = (option: string) => values.filter((one) => one !== option);
  return (
    <Group {...field}>
      {options.map(([option, words]) => (
        <Tick
          key={option}
          label={words}
          checked={values.includes(option)}
          onTick={(on) => onChange(on ? [...others(option), option] : others(option))}
        />
      ))}
    </Group>
  );
}

export function Tick({
  label,
  checked,
  onTick,
}: {
  label: string;
  checked: boolean;
  onTick: (on: boolean) => void;
}): VNode {
  return (
    <label class="choice">
      <input type="checkbox" checked={checked} onChange={(event) => onTick(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** Files by choosing, dragging, or the phone's camera; nothing leaves the page by this. */
export function FileDrop({
  onFiles,
  accept,
  camera,
  multiple = true,
  ...field
}: FieldProps & {
  onFiles: (files: File[]) => void;
  accept?: string;
  camera?: boolean;
  multiple?: boolean;
}): VNode {
  const say = useSay();
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <Field {...field}>
        {(tied) => (
          <input
            {...tied}
            type="file"
            multiple={multiple}
            accept={accept}
            {...(camera ? { capture: "environment" } : {})}
            onChange={(event) => {
              onFiles([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = "";
            }}
          />
        )}
      </Field>
      <p class="hint">{say("app.drop_here")}</p>
    </div>
  );
}

/** A question in the way of everything else; Escape and the first button mean no. */
export function Dialog({
  title,
  children,
  onClose,
}: {
  title: string;
  children: Children;
  onClose: () => void;
}): VNode {
  const say = useSay();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
      <Button onClick={() => dialog.current?.close()}>{say("app.close")}</Button>
    </dialog>
  );
}

/** Parts of one screen, one in sight. Arrow keys move between them. */
export function Tabs({
  tabs,
  at,
  onChoose,
  children,
}: {
  tabs: readonly Option[];
  at: string;
  onChoose: (name: string) => void;
  children: Children;
}): VNode {
  const id = useId();
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const flip = document.documentElement.dir === "rtl" && event.key.startsWith("Arrow") ? -step : step;
    const next = (tabs.findIndex(([name]) => name === at) + flip + tabs.length) % tabs.length;
    onChoose(tabs[next]![0]);
    document.getElementById(`${id}-${tabs[next]![0]}`)?.focus();
  };
  return (
    <div class="tabs">
      <div role="tablist" onKeyDown={move}>
        {tabs.map(([name, words]) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`${id}-${name}`}
            aria-selected={name === at}
            aria-controls={`${id}-panel`}
            tabIndex={name === at ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {words}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${at}`} tabIndex={0}>
        {children}
      </div>
    </div>
  );
}
