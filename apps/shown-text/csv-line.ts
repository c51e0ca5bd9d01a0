/** One line of CSV (RFC 4180); what a spreadsheet would take for a formula is quoted with an apostrophe before it. */
export function csvLine(fields: readonly string[]): string {
  return fields
    .map((it) => (/^[=+\-@\t\r]/.test(it) ? `'${it}` : it))
    .map((it) => (/[",\r\n]/.test(it) ? `"${it.replaceAll('"', '""')}"` : it))
    .join(',')
}
