import ArgumentParser
import Evaluation
import LatticeSupport
import Unaries

/// How any run over files or folders goes.
package struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The colours and names of labels: \(Palette.knownNames), or a file of lines 'red green blue "
        + "name'. (default: \(Palette.usualName))", valueName: "palette"))
  package var palette: String?

  @Flag(help: "With folders: skip a file when all the outputs asked for exist already.")
  package var resume = false

  @OptionGroup package var shard: ShardOptions

  @Flag(help: "Print nothing but errors, and the object of --json where asked for.")
  package var quiet = false

  package init() {}
}

/// `--shard`.
package struct ShardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With folders: work on this share of the files alone, 3/16 for the third of sixteen; jobs "
        + "on one shared folder do all of them together. The reports of --json add up: see "
        + "merge-reports.", valueName: "n/count"))
  package var shard: String?

  package init() {}

  /// `nil` where all files are meant.
  ///
  /// - Parameter isFolder: whether there are files to share.
  /// - Throws: `InputError` where the option cannot be followed.
  package func value(isFolder: Bool = true) throws -> Shard? {
    guard let shard else { return nil }
    guard let value = Shard(shard) else {
      throw InputError(
        .usage, at: "--shard", "is '\(shard)', which is not a share of several",
        remedy: "count from 1, as in 1/16 … 16/16; where jobs count from 0, add 1")
    }
    guard isFolder else {
      throw InputError(
        .usage, at: "--shard", "shares the files of a folder, but there is one file",
        remedy: "name folders, or leave it out")
    }
    return value
  }
}

extension Palette {
  /// The palette of results where nobody chooses one.
  package static let usualName = "voc"

  /// What `--palette` says: the name of a palette, or a file.
  ///
  /// - Parameter name: what is said; `nil` for the usual palette.
  /// - Throws: `InputError` where it is neither, or the file is not a palette.
  package init(option name: String?) throws {
    let name = name ?? Self.usualName
    if let known = try? Palette.named(name) {
      self = known
      return
    }
    guard FolderListing.exists(name) else {
      throw InputError(
        .usage, at: "--palette", "is '\(name)', which is neither a known palette nor a file",
        remedy: "known are \(Palette.knownNames); a file has a line 'red green blue name' a label")
    }
    self = try Palette.read(name)
  }
}

extension Parallelism {
  /// What `--threads` says: a number, or nothing for `automatic`.
  ///
  /// - Throws: `InputError` where the number makes no sense.
  package init(option threads: Int?) throws {
    guard let threads else {
      self = .automatic
      return
    }
    guard (1...4096).contains(threads) else {
      throw InputError(
        .usage, at: "--threads", "is \(threads), but must be 1…4096",
        remedy: "leave it out to use every processor")
    }
    self.init(threads: threads)
  }
}

/// Checks of which options go together.
package enum OptionCheck {
  /// Refuses options that would say nothing here.
  ///
  /// - Throws: `InputError` naming the first option that is given.
  package static func refuse(
    _ options: KeyValuePairs<String, Bool>, because problem: String, remedy: String
  ) throws {
    if let option = options.first(where: \.value) {
      throw InputError(.usage, at: option.key, problem, remedy: remedy)
    }
  }

  /// Does `body`; what it refuses is the option's, unless the error names another place.
  package static func naming<Result>(
    _ option: String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch let error as InputError {
      throw error.at(option)
    }
  }
}

/// `--threads`.
package struct ThreadOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads to use. (default: OMP_NUM_THREADS, or one for each processor that may be used)",
      valueName: "n"))
  package var threads: Int?

  package init() {}

  /// - Throws: `InputError` where the number makes no sense.
  package func parallelism() throws -> Parallelism { try Parallelism(option: threads) }
}
