import Formats
import LatticeSupport
import Unaries

/// Where results go, and how a run treats them.
package struct OutputPlan {
  /// Every file or folder that is written.
  package let outputs: [String]
  /// Every file or folder that is read.
  package let inputs: [String]
  /// The labels among the outputs.
  package let labels: String?
  /// What the work is done on: one of the inputs.
  package let subject: String

  package init(outputs: [String?], inputs: [String?], labels: String?, subject: String) {
    self.outputs = outputs.compactMap { $0 }
    self.inputs = inputs.compactMap { $0 }
    self.labels = labels
    self.subject = subject
  }

  /// Whether a file among the outputs is what the program prints to.
  package var takesStandardOutput: Bool { outputs.contains(where: StandardOutput.isNamed) }

  /// - Throws: `InputError` where options contradict each other, before anything is read.
  package func check(resumes: Bool, printsJSON: Bool) throws {
    let isFolder = FolderListing.isFolder(subject)
    if resumes, !isFolder || outputs.isEmpty {
      throw InputError(
        .usage, at: "--resume",
        "skips files whose outputs exist, but "
          + (isFolder ? "there are no outputs" : "'\(subject)' is not a folder"),
        remedy: "leave it out")
    }
    if printsJSON, let output = outputs.first(where: StandardOutput.isNamed) {
      throw InputError(
        .usage, at: output, "cannot be written to where --json prints",
        remedy: "give it a file of its own, or leave --json out")
    }
    guard !isFolder else { return }
    if let labels { _ = try LabelFile.format(labels) }
    try OutputCheck.check(outputs, inputs: inputs)
  }

  /// Prints what a run has done, unless standard output takes a result: that must stay what it is.
  package func print(_ report: String) throws {
    guard takesStandardOutput else { return try StandardOutput.print(report) }
    StandardError.write(report + "\n")
  }
}

extension OutputCheck {
  /// Makes sure that each output can be created, as `check(_:inputs:)` does, and replaces a file
  /// only where that is wanted.
  ///
  /// - Throws: `InputError` naming the output.
  package static func check(
    _ outputs: [String], inputs: [String], overwrites: Bool
  ) throws {
    try check(outputs, inputs: inputs)
    if !overwrites, let present = outputs.first(where: FolderListing.isFile) {
      throw InputError(
        .cannotCreate, at: present, "exists already",
        remedy: "name another file, or add --overwrite")
    }
  }
}
