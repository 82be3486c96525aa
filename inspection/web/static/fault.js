/** What is wrong, in the words of the report; the step that meets it fails. */
export class Fault extends Error {
  /** @param {string | string[]} reasons one sentence each; the first three are shown and the rest counted */
  constructor(reasons) {
    const all = [].concat(reasons);
    super(all.slice(0, 3).join("; ") + (all.length > 3 ? `; and ${all.length - 3} more` : ""));
    this.name = "Fault";
  }
}

/** Something that can be neither confirmed nor refuted here, with the reason. */
export class NotChecked extends Error {
  constructor(reason) {
    super(reason);
    this.name = "NotChecked";
  }
}

/** Throws a Fault unless the claim holds; a function is only called when it is needed. */
export function demand(claim, reason) {
  if (!claim) throw new Fault(typeof reason === "function" ? reason() : reason);
}

/** The value an earlier step found, or NotChecked if that step could not establish it. */
export function known(value, what) {
  if (value === undefined) throw new NotChecked(`needs ${what}, which no earlier step could establish`);
  return value;
}

/** Collects what is wrong so that a step reports all of it at once. */
export class Faults {
  #reasons = [];

  note(reason) {
    this.#reasons.push(reason);
  }

  /** Notes the reason unless the claim holds; a function is only called when it is needed. */
  unless(claim, reason) {
    if (!claim) this.note(typeof reason === "function" ? reason() : reason);
  }

  /** Throws one Fault with every reason noted, if there is any. */
  settle() {
    if (this.#reasons.length > 0) throw new Fault(this.#reasons);
  }
}
