// A draft as a form.
import { useQuery } from "@tanstack/react-query";
import { catalogueQuery, dimensionsQuery } from "../api/profiles";
import type { MetricCatalogue, ProfileProblem } from "../api/types.gen";
import { Failed, Loading } from "../components/StateViews";
import { BehaviorList } from "./BehaviorList";
import { Delivery, RetainedMetrics } from "./Delivery";
import type { Members } from "./document";
import { FieldBox, Problems } from "./FieldBox";
import { problemsBeside } from "./problems";

type Props = {
  document: Members;
  edit: (change: (document: Members) => Members) => void;
  problems: ProfileProblem[];
  readOnly: boolean;
};

/** Members whose problems are shown at a field. */
const FIELDS = [
  "securityProfileDescription",
  "behaviors",
  "additionalMetricsToRetainV2",
  "alertTargets",
  "metricsExportConfig",
];

export function ProfileForm(props: Props) {
  const { data: catalogue, error, refetch } = useQuery(catalogueQuery);
  if (!catalogue) {
    return error ? (
      <Failed what="The metrics could not be loaded" error={error} retry={() => void refetch()} />
    ) : (
      <Loading what="the metrics" />
    );
  }
  return <Fields {...props} catalogue={catalogue} />;
}

function Fields({ document, edit, problems, readOnly, catalogue }: Props & { catalogue: MetricCatalogue }) {
  const { data } = useQuery(dimensionsQuery);
  const dimensions = data?.dimensions ?? [];
  const description = document.securityProfileDescription;
  const beside = problemsBeside(problems, "", FIELDS);
  return (
    <section aria-label="Profile as a form">
      <fieldset className="bare" disabled={readOnly}>
        <div className="panel-body stack">
          {beside.length > 0 ? <Problems problems={beside} withPlace /> : null}
          <FieldBox label="Description" place="securityProfileDescription" problems={problems}>
            {(control) => (
              <input
                {...control}
                className="input"
                value={typeof description === "string" ? description : ""}
                maxLength={1000}
                autoComplete="off"
                onChange={(event) =>
                  edit((before) => ({
                    ...before,
                    securityProfileDescription: event.target.value || undefined,
                  }))
                }
              />
            )}
          </FieldBox>
        </div>
      </fieldset>
      <BehaviorList {...{ document, edit, catalogue, dimensions, problems, readOnly }} />
      <RetainedMetrics {...{ document, edit, catalogue, dimensions, problems, readOnly }} />
      <Delivery {...{ document, edit, problems, readOnly }} />
    </section>
  );
}
