import { numberOr } from "./elements";
import type { ControlProps } from "./FieldBox";

type Props = {
  control: ControlProps;
  /** A number, or what was typed in its place. */
  value: unknown;
  unit?: string | undefined;
  onChange: (value: number | string) => void;
};

/** A number that may be half typed: only what reads as it was typed is taken for one at once. */
export function NumberInput({ control, value, unit, onChange }: Props) {
  const shown = value === undefined || value === null ? "" : String(value);
  const take = (typed: string) => {
    const number = numberOr(typed);
    onChange(String(number) === typed ? number : typed);
  };
  return (
    <span className="with-unit">
      <input
        {...control}
        className="input number"
        inputMode="decimal"
        autoComplete="off"
        value={shown}
        onChange={(event) => take(event.target.value)}
        onBlur={() => {
          const number = numberOr(shown);
          if (number !== value && typeof value === "string") onChange(number);
        }}
      />
      {unit ? <span className="muted">{unit}</span> : null}
    </span>
  );
}
