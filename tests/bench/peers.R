# The R peer of peers.py: data.table reads the file, glm fits, its summary has the standard errors.
#
# Usage: Rscript peers.R FILE.csv OUTCOME COLUMN,COLUMN OUT.csv   (columns to leave out; coefficients go to OUT.csv)

suppressMessages(library(data.table))
arguments <- commandArgs(trailingOnly = TRUE)
outcome <- arguments[2]
without <- strsplit(arguments[3], ",")[[1]]

setDTthreads(0) # all processors, as the other peers have them
header <- names(fread(arguments[1], nrows = 0))
d <- fread(arguments[1], drop = intersect(without, header), stringsAsFactors = TRUE)
for (name in names(d)) if (is.factor(d[[name]])) set(d, j = name, value = factor(d[[name]], sort(levels(d[[name]]), method = "radix")))

fit <- glm(reformulate(".", outcome), data = d, family = binomial)
found <- coef(summary(fit))

# R writes stageII where the others write stage[II].
terms <- rownames(found)
for (name in names(fit$xlevels)) {
  levels <- fit$xlevels[[name]]
  at <- match(terms, paste0(name, levels))
  terms <- ifelse(is.na(at), terms, paste0(name, "[", levels[at], "]"))
}
fwrite(data.table(term = terms, estimate = found[, 1], std_error = found[, 2]), arguments[4])
