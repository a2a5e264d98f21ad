/** The last moment that a Date can say, in milliseconds since 1970: answers show times as ISO 8601. */
export const maximumTime = 8_640_000_000_000_000;
