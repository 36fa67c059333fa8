/** The usual settings, and StrictMode. */
export default { reactStrictMode: true, devIndicators: false };
