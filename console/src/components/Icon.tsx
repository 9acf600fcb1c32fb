// The console's few icons, drawn on a 16-pixel grid.

const PATHS = {
  overview: "M2 9.5l3-4 3 5 2.5-7 1.5 6H14",
  alarm: "M8 2.2l6 11H2z M8 6.5v3 M8 11.4v.1",
  thing:
    "M4 4h8v8H4z M6.5 1.5v2.5 M9.5 1.5v2.5 M6.5 12v2.5 M9.5 12v2.5 M1.5 6.5H4 M1.5 9.5H4 M12 6.5h2.5 M12 9.5h2.5",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z M10.4 10.4L14 14",
  profile: "M8 1.8l5 2v4c0 3-2 5.200-5 6.400-3-1.200-5-3.400-5-6.400v-4z M5.800 8l1.600 1.600L10.400 6.500",
  metric: "M2.500 2.500v11h11 M5 10.500l2.500-4 2.500 2 3-5",
  type: "M2.500 2.500h5l6 6-5 5-6-6z M5.300 5.200v.1",
  group: "M2.500 4.500h4l1.500 1.500h5.500v7h-11z",
  certificate: "M3 2.500h10v8H3z M5.500 5h5 M5.500 7.500h3 M9.500 9.500l1.500 4 1.500-4",
  policy: "M4 1.800h5.500L12 4.500v9.700H4z M9.500 1.800v2.700H12 M6 8h4 M6 10.500h4",
  connection: "M2 8h4 M10 8h4 M8 5.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z",
  message: "M2 3h12v8H7l-3 2.800V11H2z",
  mitigation: "M6.500 2.500h3v4h4v3h-4v4h-3v-4h-4v-3h4z",
  bell: "M4 11V7.500a4 4 0 0 1 8 0V11l1.200 1.500H2.800z M6.500 14.300h3",
  chevron: "M6 3.500L10.500 8 6 12.500",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z M8 4.800V8l2.200 1.500",
  menu: "M2.5 4.5h11 M2.5 8h11 M2.5 11.500h11",
  plus: "M8 3v10 M3 8h10",
  download: "M8 2.500v7.500 M5 7.500l3 3 3-3 M3 13.500h10",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z M8 1.500v1.200 M8 13.300v1.200 M1.500 8h1.200 M13.300 8h1.200 M3.400 3.400l.8.8 M11.800 11.800l.8.8 M3.400 12.600l.8-.8 M11.800 4.200l.8-.8",
  moon: "M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z",
  help: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z M6.300 6.300c.2-2 3.400-1.900 3.400 0 0 1.300-1.700 1.300-1.700 2.600 M8 11.200v.1",
  logout: "M6 2.500H3v11h3 M7 8h7 M11.500 5.500L14 8l-2.500 2.500",
  play: "M5 3l8 5-8 5z",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: the text beside it, or a label on the control, says what it means. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
