// The views of a search's answer, as its address names them.
export const TABS = ["events", "statistics", "visualization"] as const;
export type Tab = (typeof TABS)[number];
