# mclust's EM from responsibilities: `me` begins with an M-step, so those of the common start make its passes ours.
suppressMessages(library(mclust))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
n <- as.integer(arguments[2])
d <- as.integer(arguments[3])
k <- as.integer(arguments[4])
model <- c(full = "VVV", tied = "EEE", diag = "VVI", spherical = "VII")[[arguments[5]]]
numbers <- function(name, rows, columns) {
  matrix(readBin(file.path(folder, name), "double", rows * columns), rows, columns, byrow = TRUE)
}
X <- numbers("rows", n, d)
z <- numbers("responsibilities", n, k)

covariances <- function(variance) {
  switch(model,
    VVV = variance$sigma,
    EEE = variance$Sigma,
    VVI = apply(variance$sigma, 3, diag),
    VII = variance$sigmasq)
}

input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  control <- emControl(tol = 0, itmax = as.integer(line))
  begin <- Sys.time()
  fit <- me(X, modelName = model, z = z, control = control, warn = FALSE)
  taken <- as.numeric(Sys.time() - begin, units = "secs")
  found <- fit$parameters
  writeBin(c(found$pro, found$mean, covariances(found$variance)), file.path(folder, "found"))
  cat(taken, "\n")
  flush(stdout())
}
