# A sweep of mclust's Mclust: prints the median seconds of a run, then BIC by model and number of components.
suppressMessages(library(mclust))
arguments <- commandArgs(trailingOnly = TRUE)
n <- as.integer(arguments[2])
d <- as.integer(arguments[3])
G <- seq_len(as.integer(arguments[4]))
repeats <- as.integer(arguments[5])
models <- arguments[-(1:5)]
X <- matrix(readBin(arguments[1], "double", n * d), n, d, byrow = TRUE)
fit <- Mclust(X, G = G, modelNames = models, verbose = FALSE)
taken <- replicate(repeats, {
  begin <- Sys.time()
  Mclust(X, G = G, modelNames = models, verbose = FALSE)
  as.numeric(Sys.time() - begin, units = "secs")
})
# A BIC that is missing is that of a fit with a singular covariance.
bic <- fit$BIC[, models]
cat(median(taken), ifelse(is.na(bic), "nan", format(bic, digits = 12)), "\n")
