import { type FormEvent, useEffect, useRef, useState } from "react";
import { logIn } from "../api/queries";

export function Login() {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    try {
      await logIn({ username: String(form.get("username")), password: String(form.get("password")) });
    } catch (error) {
      setProblem(error instanceof Error ? sentence(error.message) : "Log-in failed.");
      setBusy(false);
    }
  };

  return (
    <main className="login">
      <form className="panel" onSubmit={submit}>
        <div className="brand">
          <img src="/favicon.svg" alt="" />
          <h1>Picket</h1>
        </div>
        {problem ? (
          <div className="notice bad" role="alert">
            {problem}
          </div>
        ) : null}
        <div className="field">
          <label htmlFor="username">User name</label>
          <input
            className="input"
            id="username"
            name="username"
            autoComplete="username"
            required
            ref={first}
            spellCheck={false}
          />
        </div>
        <div className="field">
          <label htmlFor="password">Password</label>
          <input
            className="input"
            id="password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
          />
        </div>
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? "Logging in …" : "Log in"}
        </button>
      </form>
    </main>
  );
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return first.endsWith(".") ? first : `${first}.`;
}
