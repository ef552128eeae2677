//! Devices, where tensors live: the CPU (burn-flex), or a GPU through wgpu if the build has the feature `gpu`.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// The user's choice of device.
///
/// ```
/// use relata_train::DeviceChoice;
///
/// let device: DeviceChoice = "cpu".parse()?;
/// assert!(device.open().is_ok());
/// # Ok::<(), relata_train::TrainError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A GPU if the build and the machine have one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU through wgpu; an error where there is none.
    Wgpu,
}

impl DeviceChoice {
    /// The device, without automatic differentiation.
    ///
    /// ```
    /// use relata_train::DeviceChoice;
    ///
    /// assert!(DeviceChoice::Cpu.open().is_ok());
    /// ```
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Auto => Ok(gpu().unwrap_or_else(|_| Device::flex())),
            Self::Wgpu => gpu(),
        }
    }
}

#[cfg(feature = "gpu")]
fn gpu() -> Result<Device> {
    use burn::tensor::DeviceType;
    let found = Device::enumerate(DeviceType::Wgpu).into_vec();
    found.into_iter().next().ok_or_else(|| TrainError::Device {
        device: "wgpu".to_owned(),
        reason: "no adapter was found; install a Vulkan driver or use --device cpu".to_owned(),
    })
}

#[cfg(not(feature = "gpu"))]
fn gpu() -> Result<Device> {
    Err(TrainError::Device {
        device: "wgpu".to_owned(),
        reason: "this build has no GPU support; build with `--features gpu` or use --device cpu".to_owned(),
    })
}

impl FromStr for DeviceChoice {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "wgpu" => Ok(Self::Wgpu),
            other => Err(TrainError::setting("--device", "device", "auto, cpu or wgpu", other)),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
        })
    }
}
