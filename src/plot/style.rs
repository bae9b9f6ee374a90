//! Sizes, colours, typeface and PNG encoding of all figures.
