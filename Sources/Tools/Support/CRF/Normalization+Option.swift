import ArgumentParser
import MeanField

/// `--normalization`.
extension Normalization: ExpressibleByArgument {}
