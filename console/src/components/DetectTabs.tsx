// The way between the pages of what is expected of devices.
import { type SubPage, SubPages } from "./SubPages";

const PAGES: readonly SubPage[] = [
  { to: "/profiles", text: "Profiles" },
  { to: "/custom-metrics", text: "Custom metrics" },
  { to: "/dimensions", text: "Dimensions" },
];

export function DetectTabs() {
  return <SubPages label="What is expected" pages={PAGES} />;
}
