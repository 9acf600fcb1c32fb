import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { createPolicy } from "../api/registry";
import { Field, POLICY_NAME_PATTERN } from "../components/ActionDialog";
import { STARTER, useVerdict } from "../policy/draft";
import { Explain } from "../policy/Explain";
import { PolicyEditor } from "../policy/PolicyEditor";
import { Verdict } from "../policy/Verdict";

export function NewPolicy() {
  const [document, setDocument] = useState(STARTER);
  const [problem, setProblem] = useState<string | null>(null);
  const verdict = useVerdict(document);
  const navigate = useNavigate();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    setProblem(null);
    try {
      await createPolicy({ name, document });
      await navigate({ to: "/policies/$name", params: { name } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
    }
  };
  return (
    <div className="page">
      <div className="page-head">
        <h1>New policy</h1>
      </div>
      <div className="columns">
        <section className="panel" aria-label="Document">
          <form onSubmit={submit}>
            <div className="panel-body stack">
              {problem ? (
                <div className="notice bad" role="alert">
                  {problem}
                </div>
              ) : null}
              <Field name="name" label="Name" required pattern={POLICY_NAME_PATTERN} />
            </div>
            <PolicyEditor
              label="Policy document"
              text={STARTER}
              problem={verdict ?? null}
              onChange={setDocument}
            />
            <div className="panel-foot">
              <Verdict verdict={verdict} />
              <button type="submit" className="button primary end" disabled={verdict !== null}>
                Create
              </button>
            </div>
          </form>
        </section>
        <Explain document={document} />
      </div>
    </div>
  );
}
