import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { ListInput } from "./ListInput";

afterEach(cleanup);

function shown(elements: Array<string | number>, bad: number[] = []) {
  const onChange = vi.fn();
  const control = { id: "ports", "aria-invalid": false, "aria-describedby": undefined };
  render(
    <ListInput control={control} kind="ports" elements={elements} bad={new Set(bad)} onChange={onChange} />,
  );
  return { onChange, input: screen.getByRole("textbox") };
}

test("Enter adds what was typed, and nothing twice", () => {
  const { onChange, input } = shown([22]);
  fireEvent.change(input, { target: { value: "22 80-81" } });
  fireEvent.keyDown(input, { key: "Enter" });
  expect(onChange).toHaveBeenCalledWith([22, 80, 81]);
});

test("a list that is pasted is added at once", () => {
  const { onChange, input } = shown([]);
  fireEvent.paste(input, { clipboardData: { getData: () => "1\n2,3" } });
  expect(onChange).toHaveBeenCalledWith([1, 2, 3]);
});

test("Backspace in the empty field takes the last away", () => {
  const { onChange, input } = shown([22, 80]);
  fireEvent.keyDown(input, { key: "Backspace" });
  expect(onChange).toHaveBeenCalledWith([22]);
});

test("of a long list the first are shown, and those that are wrong", () => {
  const many = Array.from({ length: 1000 }, (_, n) => n);
  shown(many, [900]);
  expect(screen.getAllByRole("listitem")).toHaveLength(61);
  expect(screen.getByRole("button", { name: "Remove 900" })).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: /Show all/ }));
  expect(screen.getAllByRole("listitem")).toHaveLength(1000);
});
