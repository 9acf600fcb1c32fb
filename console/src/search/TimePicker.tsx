import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../components/Icon";
import { PRESETS, rangeName, type TimeRange } from "./time-range";

export function TimePicker({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", onPointer);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPointer);
      document.removeEventListener("keydown", onKey);
    };
  }, [open]);

  const choose = (chosen: TimeRange) => {
    setOpen(false);
    button.current?.focus();
    onChange(chosen);
  };

  return (
    <div className="time-picker" ref={root}>
      <button
        ref={button}
        type="button"
        className="button"
        aria-expanded={open}
        aria-haspopup="dialog"
        onClick={() => setOpen(!open)}
      >
        <Icon name="clock" />
        <span className="visually-hidden">Time range: </span>
        {rangeName(range)}
      </button>
      {open ? <Choices range={range} choose={choose} /> : null}
    </div>
  );
}

function Choices({ range, choose }: { range: TimeRange; choose: (range: TimeRange) => void }) {
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    choose({ earliest: String(form.get("earliest")).trim(), latest: String(form.get("latest")).trim() });
  };
  const isOpen = range.latest === "" || range.latest === "now";
  return (
    <div className="popover" role="dialog" aria-label="Time range">
      <div className="presets">
        {PRESETS.map((preset) => (
          <button
            key={preset.text}
            type="button"
            className="button"
            aria-pressed={isOpen && preset.earliest === range.earliest}
            onClick={() => choose({ earliest: preset.earliest, latest: "" })}
          >
            {preset.text}
          </button>
        ))}
      </div>
      <form className="stack" onSubmit={submit}>
        <div className="field">
          <label htmlFor={`${id}-earliest`}>From</label>
          <input
            className="input mono"
            id={`${id}-earliest`}
            name="earliest"
            defaultValue={range.earliest}
            placeholder="-2h, @d, 2026-01-31T18:00:00Z"
            spellCheck={false}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-latest`}>To</label>
          <input
            className="input mono"
            id={`${id}-latest`}
            name="latest"
            defaultValue={range.latest}
            placeholder="now"
            spellCheck={false}
          />
        </div>
        <button type="submit" className="button primary">
          Apply
        </button>
      </form>
    </div>
  );
}
