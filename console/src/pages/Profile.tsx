// One security profile: its editor, and beside it what it would have done.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { deleteProfile, profileQuery } from "../api/profiles";
import type { Profile as SecurityProfile } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { NotLoaded } from "../components/NotLoaded";
import { Stale } from "../components/StateViews";
import { dateTime } from "../lib/format";
import { targetGroup } from "../lib/profile";
import { useIsAdmin, useIsAnalyst } from "../lib/role";
import { authored, differences, keeping } from "../profiles/document";
import { useCheck, useDraft } from "../profiles/draft";
import { Editor, isInOrder, isWrong } from "../profiles/Editor";
import { Problems } from "../profiles/FieldBox";
import { Leaving } from "../profiles/Leaving";
import { Preview } from "../profiles/Preview";
import { Save } from "../profiles/Save";
import { Suggestions } from "../profiles/Suggestions";
import { Targets } from "../profiles/Targets";

const route = getRouteApi("/profiles/$name");

export function Profile() {
  const { name } = route.useParams();
  const { data, error, refetch } = useQuery(profileQuery(name));
  // What the draft began with stays, whatever is stored meanwhile.
  const [base, setBase] = useState<SecurityProfile | null>(null);
  const [round, setRound] = useState(0);
  if (!data) {
    return (
      <NotLoaded
        title={name}
        what="the profile"
        error={error}
        retry={() => void refetch()}
        gone={{
          title: "There is no security profile of this name",
          children: (
            <>
              It may have been deleted. <Link to="/profiles">All profiles</Link>
            </>
          ),
        }}
      />
    );
  }
  const begun = base?.name === name ? base : data;
  return (
    <div className="page">
      <Head profile={data} />
      <Stale error={error} />
      <NotInForce profile={data} />
      <Draft
        key={`${begun.name} ${begun.version} ${round}`}
        profile={data}
        base={begun}
        onBegin={() => setBase((before) => (before?.name === name ? before : data))}
        onRestart={() => {
          setBase(null);
          setRound((before) => before + 1);
        }}
      />
    </div>
  );
}

function Head({ profile }: { profile: SecurityProfile }) {
  const isAdmin = useIsAdmin();
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  return (
    <div className="page-head">
      <h1>{profile.name}</h1>
      <span className="muted number">
        version {profile.version}, changed {dateTime(profile.modified_ms)}
      </span>
      {profile.active_alarms > 0 ? (
        <Link className="badge bad" to="/alarms" search={{ profile: profile.name }}>
          {profile.active_alarms} in alarm
        </Link>
      ) : (
        <span className="badge good">No alarm</span>
      )}
      {isAdmin ? (
        <div className="end">
          <Link className="button" to="/new-profile" search={{ from: profile.name }}>
            Duplicate
          </Link>
          <button type="button" className="button danger" onClick={() => setAsked(true)}>
            Delete …
          </button>
        </div>
      ) : null}
      {asked ? (
        <ActionDialog
          title={`Delete ${profile.name}?`}
          verb="Delete"
          dangerous
          onClose={() => setAsked(false)}
          act={async () => {
            await deleteProfile(profile.name);
            await navigate({ to: "/profiles", ignoreBlocker: true });
          }}
        >
          <p>Its open alarms become invalid; their history stays.</p>
        </ActionDialog>
      ) : null}
    </div>
  );
}

function NotInForce({ profile }: { profile: SecurityProfile }) {
  if (profile.problems.length === 0) return null;
  return (
    <div className="notice bad" role="alert">
      <div className="stack">
        <b>This profile is not in force</b>
        <Problems problems={profile.problems} withPlace />
      </div>
    </div>
  );
}

type DraftProps = {
  /** As it is stored now. */
  profile: SecurityProfile;
  /** As it was when the draft began. */
  base: SecurityProfile;
  /** The first change is made. */
  onBegin: () => void;
  /** Begins anew with what is stored now. */
  onRestart: () => void;
};

function Draft({ profile, base, onBegin, onRestart }: DraftProps) {
  const before = useMemo(() => authored(base.document), [base]);
  const draft = useDraft(before);
  const check = useCheck(base.name, draft.document);
  const isAdmin = useIsAdmin();
  const isAnalyst = useIsAnalyst();
  const isChanged = differences(before, draft.document).length > 0;
  const edit: typeof draft.edit = (change) => {
    onBegin();
    draft.edit(change);
  };
  const type = (text: string) => {
    if (text !== draft.text) onBegin();
    draft.type(text);
  };
  const isOld = profile.version !== base.version;
  return (
    <div className="columns">
      <div className="stack">
        {isOld ? (
          <div className="notice warn" role="status">
            Somebody else has saved version {profile.version} meanwhile. You see version {base.version}.
            <button type="button" className="button quiet" onClick={onRestart}>
              Show theirs
            </button>
          </div>
        ) : null}
        <Editor
          draft={{ ...draft, edit, type }}
          check={check}
          readOnly={!isAnalyst}
          actions={
            <>
              {isAnalyst ? (
                <Suggestions document={draft.document} edit={edit} group={groupOf(profile)} />
              ) : null}
              <Save
                base={base}
                document={draft.document}
                obstacle={isAdmin ? null : "Only administrators may save changes."}
                isChanged={isChanged || draft.unreadable !== null}
                isInOrder={isInOrder(draft, check)}
                onRestart={onRestart}
              />
            </>
          }
        />
      </div>
      <div className="stack">
        <Preview
          name={base.name}
          document={draft.document}
          targets={profile.targets}
          isInOrder={isInOrder(draft, check)}
          isWrong={isWrong(draft, check)}
          onKeep={isAnalyst ? (behavior) => edit((now) => keeping(now, behavior)) : undefined}
        />
        <Targets profile={profile} />
      </div>
      <Leaving isChanged={(isChanged || draft.unreadable !== null) && isAdmin} />
    </div>
  );
}

function groupOf(profile: SecurityProfile): string {
  return profile.targets.map(targetGroup).find((group) => group !== null) ?? "";
}
