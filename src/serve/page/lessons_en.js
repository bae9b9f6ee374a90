// The lessons in English.
export default {};
