// Las lecciones en español.
export default {};
