# Regenerates mclust_starts.csv (R 4.2, mclust 6.0.0; about 2 s): the hard partition that Mclust starts from, one digit a row of data, for the fits
# in mclust_6.0.0.csv with K = 2..5. In several dimensions that is model-based hierarchical clustering (VVV after an SVD scaling), in one quantiles.
suppressMessages({library(mclust); library(MASS)})
data(diabetes, package = "mclust")
sets <- list(faithful = as.matrix(faithful), iris = as.matrix(iris[, 1:4]), diabetes = as.matrix(diabetes[, -1]),
             galaxies = as.numeric(galaxies) / 1000, faithful_eruptions = faithful$eruptions, faithful_waiting = faithful$waiting)
out <- NULL
for (name in names(sets)) {
  X <- sets[[name]]; one <- is.null(dim(X))
  if (!one) tree <- hc(X, modelName = "VVV", use = "SVD")
  for (g in 2:5) {
    labels <- if (one) mclust:::qclass(X, g) else hclass(tree, g)
    out <- rbind(out, data.frame(data = name, G = g, labels = paste(as.integer(labels) - 1L, collapse = "")))
  }
}
write.csv(out, "mclust_starts.csv", row.names = FALSE, quote = FALSE)
