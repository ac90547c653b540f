import Evaluation
import Foundation
import LatticeSupport

/// Work on every file of a folder: one that fails is reported, and the rest goes on.
package struct FolderRun {
  /// A file that could not be worked on.
  package struct Failure: Encodable {
    package let file: String
    package let error: String
    package let exitCode: Int32
  }

  /// Files whose outputs were there.
  package private(set) var skipped: [String] = []
  package private(set) var failed: [Failure] = []
  /// Files that were passed over, since they are of other kinds.
  package private(set) var passed: [String] = []
  private var passedSummary = ""
  private let tool: String
  private let resumes: Bool
  private let isQuiet: Bool
  /// The share of the files to work on; `nil` for all.
  private let shard: Shard?

  /// - Parameters:
  ///   - tool: the program, for messages.
  ///   - resumes: whether files are skipped whose outputs are there.
  ///   - isQuiet: whether no progress is shown.
  ///   - shard: the share of the files to work on; `nil` for all.
  package init(of tool: String, resumes: Bool, isQuiet: Bool, shard: Shard? = nil) {
    self.tool = tool
    self.resumes = resumes
    self.isQuiet = isQuiet
    self.shard = shard
  }

  /// Makes the folders of outputs.
  ///
  /// - Throws: `InputError` where one is an input or two are one, or nothing can be written there.
  package static func prepare(outputs: [String], inputs: [String]) throws {
    // Names inside are the same for all, so folders that are the same would mix or destroy files.
    try OutputCheck.checkDistinct(outputs, inputs: inputs)
    for folder in outputs {
      try FolderListing.create(folder)
      try OutputCheck.checkCreation(of: folder + "/output.png")
    }
  }

  /// Calls `body` for each file of the share.
  ///
  /// - Parameters:
  ///   - outputs: what comes of a file.
  ///   - body: returns in a few words what became of the file.
  package mutating func run(
    _ plan: FolderMatch, outputs: (FolderMatch.Entry) -> [String],
    _ body: (FolderMatch.Entry) throws -> String
  ) throws {
    passed = plan.passed.names
    passedSummary = plan.passed.summary
    let entries = shard.map { $0.share(of: plan.entries) } ?? plan.entries
    var progress = Progress(total: entries.count, isQuiet: isQuiet)
    for entry in entries {
      do {
        if let error = entry.error { throw error }
        if resumes, outputs(entry).allSatisfy(FolderListing.exists) {
          skipped.append(entry.path)
          progress.finish(entry.name, "finished before")
        } else {
          progress.finish(entry.name, try body(entry))
        }
      } catch let error as InputError {
        progress.clear()
        ErrorReport.print(error, of: tool)
        failed.append(
          Failure(file: entry.path, error: error.programText, exitCode: ErrorReport.code(of: error))
        )
        progress.finish(entry.name, "failed")
      }
    }
    progress.clear()
  }

  /// For people: how many files were worked on, skipped, failed and passed over.
  ///
  /// - Parameter done: what was done to those that were worked on: `refined`.
  package func summary(_ count: Int, _ done: String) -> String {
    "files    \(count) \(done)"
      + (skipped.isEmpty ? "" : ", \(skipped.count) finished before")
      + (failed.isEmpty ? "" : ", \(failed.count) failed") + passedSummary
      + (shard.map { ", \($0)" } ?? "")
  }

  /// Ends the program with the first failure's status where there is one.
  package func exitOnFailure() {
    if let first = failed.first { exit(first.exitCode) }
  }
}
