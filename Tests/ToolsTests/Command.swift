import Foundation
import LatticeSupport
import TestSupport
import Testing

/// One run of a built program, `crf-refine` unless another is named, with what it printed and used.
struct Command {
  /// The exit status; `nil` where a signal ended the program.
  var status: Int32?
  /// The signal that ended the program; `nil` where it ended by itself.
  var signal: Int32?
  var output: String
  var errors: String
  /// Bytes, the largest at any time; `nil` where it was not measured.
  var peakMemory: Int?
  var seconds: Double

  /// Where the build put a program: beside the tests. A path is left as it is.
  static func built(_ name: String) -> String {
    if name.hasPrefix("/") { return name }
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent(name).path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    // Where the tests are a library that another program loads, as on macOS.
    return Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
      .map { $0.appendingPathComponent(name).path }
      .first(where: FileManager.default.isExecutableFile(atPath:)) ?? beside
  }

  /// Runs the program to its end.
  ///
  /// - Parameter program: its name, or its path.
  /// - Parameter folder: the current folder of the program.
  /// - Parameter interruption: a signal, and how many seconds after the start it is sent.
  /// - Parameter measuresMemory: whether a small program of its own starts it and measures.
  /// - Parameter fileLimit: the size of the largest file that it can write, in units of 512 bytes.
  static func run(
    _ arguments: [String], of program: String = "crf-refine", in folder: Workspace,
    interruption: (signal: Int32, after: Double)? = nil, measuresMemory: Bool = false,
    fileLimit: Int? = nil
  ) throws -> Command {
    let identifier = UUID().uuidString
    let (out, err) = (folder.log(identifier + ".out"), folder.log(identifier + ".err"))
    let start = ContinuousClock.now
    let peak = folder.log(identifier + ".peak")
    let measuring = measuresMemory ? [built("run-measured"), peak] : []
    let process = try spawn(
      measuring + [built(program)] + arguments, in: folder, fileLimit: fileLimit, out: out,
      err: err)
    if let interruption {
      Thread.sleep(forTimeInterval: interruption.after)
      kill(process, interruption.signal)
    }
    var state: Int32 = 0
    while waitpid(process, &state, 0) == -1, errno == EINTR {}
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let ending = state & 0x7F
    return Command(
      status: ending == 0 ? state >> 8 & 0xFF : nil, signal: ending == 0 ? nil : ending,
      output: text(out), errors: text(err), peakMemory: Int(text(peak)).map { $0 * memoryUnit },
      seconds: seconds)
  }

  #if canImport(Darwin)
    private static let memoryUnit = 1
  #else
    private static let memoryUnit = 1024
  #endif

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  private static func spawn(
    _ command: [String], in folder: Workspace, fileLimit: Int?, out: String, err: String
  ) throws -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT, 0o600)
    // Whoever runs the tests in the background may ignore interrupts; the program must not inherit
    // it.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for signal in [SIGINT, SIGTERM, SIGPIPE, SIGXFSZ] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    // Nor what is blocked in the threads that tests run on.
    var blocked = sigset_t()
    sigemptyset(&blocked)
    posix_spawnattr_setsigmask(&attributes, &blocked)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    // The shell changes the folder, which no portable call can, and becomes the program.
    let limit = fileLimit.map { "ulimit -f \($0) && " } ?? ""
    let shell = ["/bin/sh", "-c", "\(limit)cd \"$0\" && exec \"$@\"", folder.path]
    var list = (shell + command).map { $0.withSystemPath { strdup($0) } } + [nil]
    defer { for argument in list { free(argument) } }
    var process = pid_t()
    let failure = posix_spawn(&process, shell[0], &actions, &attributes, &list, environ)
    try #require(
      failure == 0, "\(command[0]) cannot be started: \(String(cString: strerror(failure)))")
    return process
  }
}
