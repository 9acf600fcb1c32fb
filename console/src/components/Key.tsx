// Beside a button's text, the key that does the same. The button's name is its text alone.

export function Key({ name }: { name: string }) {
  return (
    <span aria-hidden="true">
      <kbd>{name}</kbd>
    </span>
  );
}
