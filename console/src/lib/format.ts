// How numbers and times look.

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `1,234`, or `1.2M` where the exact number says nothing. */
export function count(value: number): string {
  return Math.abs(value) < 100_000 ? whole.format(value) : compact.format(value);
}

/** A rate: one digit after the point below ten. */
export function rate(value: number): string {
  return value !== 0 && Math.abs(value) < 9.95 ? value.toFixed(1) : count(value);
}

/** `3 min`, `2 h 5 min`, `4 d 3 h`, `10 years`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  if (days >= 730) return `${Math.round(days / 365.25)} years`;
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** Seconds of lag: `0 s`, `0.4 s`, `12 s`. */
export function lag(seconds: number): string {
  if (seconds > 0 && seconds < 0.1) return "< 0.1 s";
  return seconds > 0 && seconds < 9.95 ? `${seconds.toFixed(1)} s` : duration(seconds * 1000);
}

const two = (value: number) => String(value).padStart(2, "0");

/** Local date and time to the second: `2026-01-31 18:04:05`. */
export function dateTime(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "–";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** As `dateTime`, with milliseconds. */
export function eventTime(ms: number): string {
  return Number.isFinite(ms)
    ? `${dateTime(ms)}.${String(((ms % 1000) + 1000) % 1000).padStart(3, "0")}`
    : "–";
}

/** A metric's name without its prefix, as words: `aws:all-bytes-out` → `all bytes out`. */
export function metricTitle(name: string): string {
  return name.replace(/^aws:/, "").replace(/^num-/, "").replaceAll("-", " ");
}

/** A number beside an axis. */
export function tick(value: number): string {
  return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(3)));
}

/** A moment under a time axis whose marks are `step` seconds apart. */
export function timeTick(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  if (step >= 86_400) return day;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step < 60) return `${time}:${two(date.getSeconds())}`;
  return time === "00:00" ? day : time;
}
