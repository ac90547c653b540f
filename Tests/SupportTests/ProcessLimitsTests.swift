import Foundation
import LatticeSupport
import TestSupport
import Testing

/// How many processors, and how much memory, a process may use.
struct ProcessLimitsTests {
  /// A made-up control group tree; paths end in file names.
  private static func group(
    _ membership: String, _ files: [String: String]
  ) throws -> ControlGroup {
    let folder = try TemporaryFolder()
    for (path, text) in files {
      let url = URL(fileURLWithPath: folder.file(path))
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try folder.write(Array(text.utf8), as: path)
    }
    let file = try folder.write(Array(membership.utf8), as: "membership")
    return ControlGroup(mounts: folder.path, membership: file)
  }

  @Test(
    "a quota counts in whole processors, rounded up",
    arguments: [
      ("150000 100000\n", 2), ("100000 100000\n", 1), ("5000 100000\n", 1), ("max 100000\n", nil),
      ("", nil), ("1\n", nil), ("400000 100000", 4),
    ] as [(text: String, processors: Int?)])
  func quota(text: String, processors: Int?) throws {
    let group = try Self.group("0::/\n", ["cpu.max": text])
    #expect(group.processors == processors)
    #expect(group.memory == nil)
  }

  @Test("the least limit on the way to the root counts")
  func nested() throws {
    let group = try Self.group(
      "0::/pod/container\n",
      [
        "pod/cpu.max": "200000 100000", "pod/container/cpu.max": "800000 100000",
        "pod/memory.max": "max", "pod/container/memory.max": "1073741824\n",
        "memory.max": "2147483648",
      ])
    #expect(group.processors == 2)
    #expect(group.memory == 1 << 30)
  }

  @Test("version 1, mounted under one name or all, with the host's path or without")
  func versionOne() throws {
    let group = try Self.group(
      "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n3:cpuset:/\n",
      [
        "cpu,cpuacct/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "memory/memory.limit_in_bytes": "536870912\n",
        "memory/docker/abc/memory.limit_in_bytes": "9223372036854771712\n",
      ])
    #expect(group.processors == 3)
    #expect(group.memory == 512 << 20)
    let other = try Self.group(
      "5:cpuacct,cpu:/\n",
      ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"])
    #expect(other.processors == nil)
  }

  @Test("no control groups are no limits")
  func absent() {
    let group = ControlGroup(mounts: "/nowhere", membership: "/nowhere/membership")
    #expect(group.processors == nil)
    #expect(group.memory == nil)
  }

  @Test(
    "OMP_NUM_THREADS says how many threads where it is a number",
    arguments: [
      ("4", 4), (" 3 ", 3), ("8,2", 8), ("0", nil), ("-1", nil), ("", nil), ("many", nil),
      ("99999", 1024), ("2.5", nil), (nil, nil),
    ] as [(text: String?, threads: Int?)])
  func environment(text: String?, threads: Int?) {
    #expect(requestedThreads(text) == threads)
  }

  @Test("small work is not spread over many threads")
  func suited() {
    let many = Parallelism(threads: 64)
    #expect(many.suited(to: 0).threads == 1)
    #expect(many.suited(to: 8 * 8 * 2).threads == 1)
    #expect(many.suited(to: 500 * 375 * 21) == many)
    #expect(Parallelism.serial.suited(to: 1 << 40).threads == 1)
  }
}
