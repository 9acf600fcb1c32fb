// Gives a new device its identity. The private key is shown to nobody again.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { createThing, groupsQuery, thingTypesQuery } from "../api/registry";
import type { ThingBundle } from "../api/types.gen";
import { ATTRIBUTES_HINT, readAttributes } from "../lib/attributes";
import { ActionDialog, Field, NAME_PATTERN } from "./ActionDialog";
import { BundleFiles } from "./BundleFiles";
import { Dialog } from "./Dialog";

export function NewThing({ onClose }: { onClose: () => void }) {
  const [bundle, setBundle] = useState<ThingBundle | null>(null);
  const { data: groups } = useQuery(groupsQuery({}));
  const { data: types } = useQuery(thingTypesQuery);
  if (bundle) {
    return (
      <Dialog title={`${bundle.thing} is ready`} onClose={onClose}>
        <BundleFiles bundle={bundle} />
      </Dialog>
    );
  }
  return (
    <ActionDialog
      title="New thing"
      verb="Create"
      // It stays open to show the files.
      onClose={() => undefined}
      onCancel={onClose}
      act={async (field) => {
        const made = await createThing({
          name: field("name"),
          ...(field("group") ? { group: field("group") } : {}),
          ...(field("type") ? { type_name: field("type") } : {}),
          ...(field("attributes") ? { attributes: readAttributes(field("attributes")) } : {}),
        });
        setBundle(made);
      }}
    >
      <Field
        name="name"
        label="Name"
        required
        pattern={NAME_PATTERN}
        hint="Letters, digits, colon, underscore and hyphen. The device gets a new key, an active certificate and the fleet's policy."
      />
      <Field
        name="group"
        label="Group"
        options={groups?.groups.map((group) => group.name) ?? []}
        hint="The fleet's group when left empty."
      />
      <Field
        name="type"
        label="Type"
        options={types?.types.filter((type) => !type.is_deprecated).map((type) => type.name) ?? []}
      />
      <Field name="attributes" label="Attributes" maxLength={50_000} hint={ATTRIBUTES_HINT} />
    </ActionDialog>
  );
}
