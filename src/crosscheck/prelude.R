options(contrasts = c("contr.treatment", "contr.poly"), warn = 1)

# The cells of a file as text, without blanks at both ends.
cells_of <- function(file) {
  d <- read.table(file$path, header = FALSE, sep = file$sep, quote = "\"", skip = file$skip, comment.char = "",
                  colClasses = "character", na.strings = character(0), fill = TRUE, blank.lines.skip = TRUE,
                  fileEncoding = file$encoding, col.names = paste0("V", seq_len(file$width)))
  d <- d[seq_along(file$names)]
  names(d) <- file$names
  d[] <- lapply(d, trimws, whitespace = "[\\h\\v]")
  d
}
number <- function(x) suppressWarnings(as.numeric(sub("\u2212", "-", x, fixed = TRUE)))
decimal_comma <- function(x) sub(",", ".", x, fixed = TRUE)
# Missing: the empty cell, the words, and the numbers in whatever spelling (007 is a code, not a number).
present <- function(x, words, numbers) {
  x[x %in% c("", words)] <- NA
  if (length(numbers) > 0) {
    value <- number(decimal_comma(x))
    x[value %in% numbers & !grepl("^0[0-9]+$", x)] <- NA
  }
  x
}
# Days since 1970-01-01; a time is a part of the day.
days <- function(x) {
  clock <- strsplit(sub("Z$", "", substr(x, 12, 99)), ":", fixed = TRUE)
  part <- vapply(clock, function(p) sum(as.numeric(p) * c(3600, 60, 1)[seq_along(p)]) / 86400, 0)
  as.numeric(as.Date(substr(x, 1, 10))) + part
}
# A cell is the level of the same text, or else of the same number.
place <- function(x, levels) {
  k <- match(x, levels)
  odd <- is.na(k) & !is.na(x)
  k[odd] <- match(number(decimal_comma(x[odd])), number(decimal_comma(levels)), incomparables = NA)
  k
}
as_levels <- function(x, levels) factor(levels[place(x, levels)], levels = levels)
# The name that R gives to a factor of a term.
part <- function(e, suffix = "") paste0(deparse1(e, backtick = TRUE), suffix)
# A restricted cubic spline that is linear beyond the outer knots, divided by their squared distance.
rcs <- function(x, knots) {
  k <- length(knots)
  cube <- function(u) pmax(u, 0)^3
  last <- knots[k]; before <- knots[k - 1]
  beyond <- sapply(knots[seq_len(k - 2)], function(t)
    (cube(x - t) - cube(x - before) * (last - t) / (last - before) + cube(x - last) * (before - t) / (last - before)) /
      (last - knots[1])^2)
  unname(cbind(x, beyond))
}
