// What an administrator can change of a thing.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { changeThing, deleteThing, thingTypesQuery } from "../api/registry";
import type { Thing } from "../api/types.gen";
import { ATTRIBUTES_HINT, readAttributes, writeAttributes } from "../lib/attributes";
import { ActionDialog, Field, NAME_PATTERN } from "./ActionDialog";

export function ThingActions({ thing }: { thing: Thing }) {
  const [asked, setAsked] = useState<"edit" | "delete" | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <button type="button" className="button" onClick={() => setAsked("edit")}>
        Edit …
      </button>
      <button type="button" className="button danger" onClick={() => setAsked("delete")}>
        Delete …
      </button>
      {asked === "edit" ? <Edit thing={thing} onClose={close} /> : null}
      {asked === "delete" ? <Delete name={thing.name} onClose={close} /> : null}
    </>
  );
}

function Edit({ thing, onClose }: { thing: Thing; onClose: () => void }) {
  const { data: types } = useQuery(thingTypesQuery);
  return (
    <ActionDialog
      title={`Edit ${thing.name}`}
      verb="Save"
      onClose={onClose}
      act={async (field) =>
        changeThing(thing.name, {
          // A type that stays is left out: a deprecated one cannot be set again.
          ...(field("type") === (thing.type_name ?? "") ? {} : { type_name: field("type") || null }),
          attributes: readAttributes(field("attributes")),
        })
      }
    >
      <Field
        name="type"
        label="Type"
        value={thing.type_name ?? undefined}
        pattern={NAME_PATTERN}
        options={types?.types.filter((type) => !type.is_deprecated).map((type) => type.name) ?? []}
        hint="None when left empty."
      />
      <Field
        name="attributes"
        label="Attributes"
        value={writeAttributes(thing.attributes)}
        maxLength={50_000}
        hint={ATTRIBUTES_HINT}
      />
    </ActionDialog>
  );
}

function Delete({ name, onClose }: { name: string; onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <ActionDialog
      title={`Delete ${name}?`}
      verb="Delete"
      dangerous
      onClose={onClose}
      act={async () => {
        await deleteThing(name);
        await navigate({ to: "/things", search: {} });
      }}
    >
      <p>
        Certificates that are on no other thing go with it, and what is connected by them is cut off. Its
        events stay.
      </p>
    </ActionDialog>
  );
}
