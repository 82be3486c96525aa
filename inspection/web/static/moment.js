const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|([+-])(\d\d):(\d\d))$/;

/** The last day of a month, as YYYY-MM-DD, so that dates compare as texts. */
export function lastDayOf(month) {
  const [year, number] = month.split("-").map(Number);
  return `${month}-${new Date(Date.UTC(year, number, 0)).getUTCDate()}`;
}

/** Nanoseconds since 1970 of an RFC 3339 time with offset, or null if the text is none; Date stops at milliseconds. */
export function nanosecondsOf(text) {
  const parts = typeof text === "string" ? FORM.exec(text) : null;
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return null;
  if (day > Number(lastDayOf(`${parts[1]}-${parts[2]}`).slice(-2))) return null;
  const offset = parts[8] === "Z" ? 0 : Number(parts[10]) * 60 + Number(parts[11]);
  if (offset !== 0 && (Number(parts[10]) > 23 || Number(parts[11]) > 59)) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const minutes = hour * 60 + minute + (parts[9] === "-" ? offset : -offset);
  const seconds = BigInt(date.getTime() / 1000 + minutes * 60 + second);
  return seconds * 1_000_000_000n + BigInt((parts[7] ?? "").padEnd(9, "0"));
}
