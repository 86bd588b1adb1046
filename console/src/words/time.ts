/** Durations and moments in few words. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `millis` of a duration: two units at most, the smaller one only where it says something. */
export function duration(millis: number): string {
  const all = Math.max(0, millis);
  if (all < SECOND) return `${Math.round(all)} ms`;
  if (all < 10 * SECOND) return `${(all / SECOND).toFixed(2)} s`;
  if (all < MINUTE) return `${(all / SECOND).toFixed(1)} s`;
  const whole = Math.round(all / SECOND) * SECOND;
  if (whole < HOUR) return two(whole, MINUTE, "min", SECOND, "s");
  if (whole < DAY) return two(whole, HOUR, "h", MINUTE, "min");
  return two(whole, DAY, "d", HOUR, "h");
}

function two(millis: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((millis % large) / small);
  const first = `${Math.floor(millis / large).toLocaleString("en")} ${largeName}`;
  return rest ? `${first} ${rest} ${smallName}` : first;
}

const today = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const full = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium", hour12: false });
const exact = new Intl.DateTimeFormat("en", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hour12: false,
  timeZoneName: "short",
});

/** A moment as a list shows it: the day only if it is another one. */
export function moment(millis: number, now = Date.now()): string {
  const isToday = new Date(millis).toDateString() === new Date(now).toDateString();
  return (isToday ? today : full).format(millis);
}

const minute = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric" });
const dayAndMinute = new Intl.DateTimeFormat("en", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

/** Of the day, to the minute. */
export const clock = (millis: number): string => minute.format(millis);
export const weekday = (millis: number): string => day.format(millis);

/** A stretch of time within a day or two: the day only if it is another one. */
export function fromTo(from: number, to: number, now = Date.now()): string {
  const isToday = new Date(from).toDateString() === new Date(now).toDateString();
  return `${(isToday ? minute : dayAndMinute).format(from)} – ${minute.format(to)}`;
}

/** To the millisecond, with the time zone. */
export const exactly = (millis: number): string => exact.format(millis);

const KIB = 1024;

export function size(bytes: number): string {
  if (bytes < KIB) return `${bytes} bytes`;
  if (bytes < KIB * KIB) return `${(bytes / KIB).toFixed(bytes < 10 * KIB ? 1 : 0)} KiB`;
  return `${(bytes / KIB / KIB).toFixed(1)} MiB`;
}
